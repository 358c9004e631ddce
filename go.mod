module github.com/gonng/gonng

go 1.26
