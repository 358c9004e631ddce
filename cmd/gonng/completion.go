package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// shell is a shell that completes commands by a script.
type shell struct {
	name   string
	script func(w *strings.Builder)
	hint   string
}

func shells() []shell {
	return []shell{
		{"bash", bashCompletion, `source <(gonng completion bash)`},
		{"zsh", zshCompletion, `source <(gonng completion zsh)`},
		{"fish", fishCompletion, `gonng completion fish | source`},
	}
}

func runCompletion(ctx context.Context, args []string, std streams) int {
	if len(args) != 1 {
		return std.outcome(ctx, "completion", errors.New("give one shell: bash, zsh or fish"), exitUsage)
	}
	s, err := find(shells(), func(s shell) string { return s.name }, "shell", args[0])
	if err != nil {
		return std.outcome(ctx, "completion", err, exitUsage)
	}
	var script strings.Builder
	s.script(&script)
	_, err = io.WriteString(std.out, script.String())
	return std.outcome(ctx, "completion", outputError(err), exitError)
}

func completionUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng completion <shell>\n\nIt prints a script that completes subcommands, options and files. For this session:\n\n")
	for _, s := range shells() {
		fmt.Fprintf(w, "  %s\n", s.hint)
	}
}

// offered are the words that may follow the name of a subcommand, and its options.
func (c command) offered() (words []string) {
	if c.words != nil {
		words = c.words()
	}
	if c.options == nil {
		return append(words, "--help")
	}
	for _, o := range c.options() {
		words = append(words, "--"+o.name)
	}
	return words
}

func bashCompletion(w *strings.Builder) {
	w.WriteString("_gonng() {\n\tlocal words\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='" +
		strings.Join(commandNames(), " ") + "'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "\t\t%s) words='%s' ;;\n", c.name, strings.Join(c.offered(), " "))
	}
	w.WriteString("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n" +
		"complete -o default -F _gonng gonng\n")
}

func zshCompletion(w *strings.Builder) {
	w.WriteString("#compdef gonng\n_gonng() {\n\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "\t\t\t%s\n", quoted(c.name+":"+c.summary))
	}
	w.WriteString("\t\t)\n\t\t_describe subcommand commands\n\t\treturn\n\tfi\n\tcase $words[2] in\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "\t%s) compadd -- %s ;;\n", c.name, strings.Join(c.offered(), " "))
	}
	w.WriteString("\tesac\n\t_files\n}\ncompdef _gonng gonng\n")
}

func fishCompletion(w *strings.Builder) {
	for _, c := range commands() {
		fmt.Fprintf(w, "complete -c gonng -n __fish_use_subcommand -f -a %s -d %s\n", c.name, quoted(c.summary))
	}
	for _, c := range commands() {
		seen := "complete -c gonng -n '__fish_seen_subcommand_from " + c.name + "'"
		if c.words != nil {
			fmt.Fprintf(w, "%s -f -a '%s'\n", seen, strings.Join(c.words(), " "))
		}
		if c.options == nil {
			fmt.Fprintf(w, "%s -l help\n", seen)
			continue
		}
		for _, o := range c.options() {
			fmt.Fprintf(w, "%s -l %s", seen, o.name)
			if o.short != 0 {
				fmt.Fprintf(w, " -s %c", o.short)
			}
			if o.value {
				w.WriteString(" -r")
			}
			w.WriteString("\n")
		}
	}
}

// quoted is s in single quotes, for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
