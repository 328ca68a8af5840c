"""What `meson install` installs, in a folder of its own: for tests that do what users do with it."""

import glob
import os
import re
import shutil
import subprocess

from harness import PATIENCE

BUILD = os.environ["BUILD"]


def output(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE, **more).stdout


class Installed:
    def __init__(self, name):
        self.root = os.path.join(BUILD, "tests", name)
        self.remove()
        output("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", env=dict(os.environ, DESTDIR=self.root))
        self.pkgconfig = os.path.dirname(self.find("cstorm.pc"))
        self.libraries = os.path.dirname(self.pkgconfig)
        self.command = self.find("bin/cstorm")
        for package in glob.glob(f"{self.pkgconfig}/*.pc"):
            self.move(package)
        self.variables = dict(os.environ, PKG_CONFIG_PATH=self.pkgconfig,
                              PATH=os.path.dirname(self.command) + ":" + os.environ["PATH"])

    def find(self, name):
        [path] = glob.glob(f"{self.root}/**/{name}", recursive=True)
        return path

    def move(self, package):
        """The package is where it is, not below the prefix of the build."""
        with open(package, "r+", encoding="utf-8") as file:
            text = re.sub("^prefix=", f"prefix={self.root}", file.read())
            file.seek(0)
            file.write(text)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
