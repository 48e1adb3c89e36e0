// Command zbsctl asks the metadata servers of a ZBS cluster what an operator
// wants to know, above all who has a volume open. See zbsctl help.
package main

import (
	"os"

	"github.com/zbsclient/zbsclient/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}
