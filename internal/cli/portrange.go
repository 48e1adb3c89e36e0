package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/zbs"
)

// portRange is a zbs.PortRange as a flag.
type portRange zbs.PortRange

// String, Set and Type make portRange a flag.
func (r *portRange) String() string { return fmt.Sprintf("%d-%d", r.First, r.Last) }
func (*portRange) Type() string     { return "FIRST-LAST" }
func (r *portRange) Set(text string) error {
	first, last, _ := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if err != nil || err2 != nil || from == 0 || from > to {
		return usagef("want FIRST-LAST of 1..65535 such as 10600-10800")
	}
	r.First, r.Last = int(from), int(to)
	return nil
}
