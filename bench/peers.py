"""What it is measured against, from the packages it comes in."""

import platform
import re
import subprocess
import sys
import zipfile

from tools import BUILD, PLACE, SOURCE, run, said

PYSTORM = ["pystorm==3.1.4", "msgpack==1.1.0"]
GOSTORM = PLACE / "gostorm"


def get_python(name, requirements):
    """A Python with these packages."""
    folder = PLACE / name
    known = folder / "requirements"
    if not known.exists() or known.read_text().split() != requirements:
        run(sys.executable, "-m", "venv", "--clear", folder)
        run(folder / "bin/pip", "install", "-q", "--disable-pip-version-check", *requirements)
        known.write_text("\n".join(requirements))
    return folder / "bin/python"


def get_gostorm():
    """The bolts of go/, or None where there is no Go, or none that is given gostorm."""
    folder = SOURCE / "bench/go"
    if not GOSTORM.exists() or max(source.stat().st_mtime for source in folder.iterdir()) > GOSTORM.stat().st_mtime:
        try:
            run("go", "build", "-o", GOSTORM, ".", cwd=folder)
        except (FileNotFoundError, subprocess.CalledProcessError) as problem:
            print(f"bench: gostorm is left out: {problem}", file=sys.stderr)
            return None
    return GOSTORM


def gostorm_version():
    return re.search(r"gostorm v(\S+)", (SOURCE / "bench/go/go.mod").read_text())[1]


def storm_version():
    return re.search("<storm.version>(.*)</storm.version>", (SOURCE / "jvm-harness/pom.xml").read_text())[1]


def versions():
    return {"Linux": platform.release().split("-")[0], "gcc": said("gcc", "--version"), "Python": platform.python_version(),
            "Java": said("java", "-version"), "Node.js": said("node", "--version"), "Go": said("go", "version"),
            "Storm": storm_version(), **({"gostorm": gostorm_version()} if GOSTORM.exists() else {}),
            **dict(requirement.split("==") for requirement in PYSTORM)}


def get_flux():
    """Storm's Flux, which has storm.py and storm.js, too."""
    jar = PLACE / f"storm/flux-core-{storm_version()}.jar"
    if not jar.exists():
        run("mvn", "-q", "-B", "-ntp", "-f", SOURCE / "jvm-harness", "-N", "dependency:copy",
            f"-Dartifact=org.apache.storm:flux-core:{storm_version()}", f"-DoutputDirectory={jar.parent}")
    return jar


def get_storm_scripts():
    """A folder with storm.py and storm.js."""
    folder = PLACE / "storm"
    jar = get_flux()
    for name in ("storm.py", "storm.js"):
        if not (folder / name).exists():
            with zipfile.ZipFile(jar) as file:
                (folder / name).write_bytes(file.read(f"resources/{name}"))
    return folder


def storm_class_path():
    run(SOURCE / "script/cluster", "fetch")
    return (BUILD / "cluster.class-path").read_text().strip()


def get_java(class_path):
    """The folder with the classes of java/."""
    folder = PLACE / "classes"
    sources = sorted((SOURCE / "bench/java").glob("*.java"))
    newest = max(source.stat().st_mtime for source in sources)
    if not all((folder / f"bench/{source.stem}.class").exists() and
               (folder / f"bench/{source.stem}.class").stat().st_mtime > newest for source in sources):
        run("javac", "-d", folder, "-cp", class_path, *sources)
    return folder


def get_serializer():
    """cstorm-serializer.jar, which `mvn package` makes."""
    jar = SOURCE / "jvm-harness/serializer/target/cstorm-serializer.jar"
    sources = list((SOURCE / "jvm-harness/serializer/src/main").glob("**/*.java"))
    if not jar.exists() or max(source.stat().st_mtime for source in sources) > jar.stat().st_mtime:
        run("mvn", "-q", "-B", "-ntp", "-f", SOURCE / "jvm-harness", "-pl", "serializer", "package", "-DskipTests")
    return jar
