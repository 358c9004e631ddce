package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

func runHelp(ctx context.Context, args []string, std streams) int {
	c, err := commandOf(args)
	if err != nil {
		return std.outcome(ctx, "help", err, exitUsage)
	}
	if c == nil {
		usage(std.out)
	} else {
		c.usage(std.out)
	}
	return exitOK
}

func helpUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng help [<subcommand>]\n\nIt lists the subcommands, or the arguments of one.\n")
}

// commandOf returns the subcommand that is the only argument, nil if there is none.
func commandOf(args []string) (*command, error) {
	switch len(args) {
	case 0:
		return nil, nil
	case 1:
		return find(commands(), func(c command) string { return c.name }, "subcommand", args[0])
	}
	return nil, errors.New("give one subcommand, or none")
}

// runMan prints a page in the language of man, which "man -l" shows.
func runMan(ctx context.Context, args []string, std streams) int {
	c, err := commandOf(args)
	if err != nil {
		return std.outcome(ctx, "man", err, exitUsage)
	}
	name, summary, text := "gonng", "talk to Scalability Protocols peers", new(bytes.Buffer)
	if c == nil {
		usage(text)
	} else {
		name, summary = "gonng-"+c.name, c.summary
		c.usage(text)
	}
	synopsis, rest, _ := strings.Cut(strings.TrimPrefix(text.String(), "Usage: "), "\n\n")
	var see strings.Builder
	for i, other := range commands() {
		if i > 0 {
			see.WriteString(", ")
		}
		see.WriteString("gonng\\-" + other.name + "(1)")
	}
	_, err = fmt.Fprintf(std.out, ".TH %s 1 \"\" \"gonng %s\"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.nf\n%s\n.fi\n.SH DESCRIPTION\n.nf\n%s.fi\n.SH SEE ALSO\n%s, nngcat(1)\n",
		strings.ToUpper(roff(name)), moduleVersion(), roff(name), roff(summary), roff(synopsis), roff(rest), see.String())
	return std.outcome(ctx, "man", outputError(err), exitError)
}

func manUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng man [<subcommand>]\n\nIt prints a page for man:\n\n  gonng man cat >gonng-cat.1 && man ./gonng-cat.1\n")
}

// roff escapes text: dashes would become hyphens, and a dot or quote at the start of a line
// begins a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
