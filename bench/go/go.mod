module cstorm/bench

go 1.21

require github.com/jsgilmore/gostorm v0.0.0-20171009120026-2ce8e60043b2
