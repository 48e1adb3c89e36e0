// Command zbsctl queries and changes a ZBS cluster through its metadata servers. Above
// all it shows which hosts have a volume open. See zbsctl help.
package main

import (
	"os"

	"github.com/zbsclient/zbsclient/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}
