// Package doctest keeps the pages true: its tests compile and run the code in README.md and
// docs/*.md, run their commands, and follow their links.
//
// A block of Go that begins with package main is a program: it is built and run, must end
// by itself with exit code 0, and prints each line that a comment behind a fmt.Print names.
// A block that begins with another package clause is a test file: go test runs it. Any other
// block is a fragment: it is type-checked as the body of a function, or as declarations,
// with the variables of prelude. A console block is run by bash: lines after "$ " are
// commands, which lines after "> " continue, the others are what they print. A block of sh is
// not run, but the subcommands and options of gonng and the packages in it must exist. A block
// of js is run by Node with a server that has what the pages speak of, and prints what a
// comment behind a console.log names.
package doctest
