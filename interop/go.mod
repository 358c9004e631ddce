module github.com/gonng/gonng/interop

go 1.26

replace github.com/gonng/gonng => ../

require github.com/gonng/gonng v0.0.0-00010101000000-000000000000
