package agent

import (
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// harms notes harm that the handler does.
func (c *call) harms(what string) { c.harm = append(c.harm, what) }

// changed notes that the handler changed what is called so.
func (c *call) changed(what ...string) {
	if slices.Contains(what, "None") {
		c.harms("acted on a name that the request lacks: " + strings.Join(what, ", "))
	}
}

// changedVolume notes that the handler changed the volume of the target.
func (c *call) changedVolume() {
	if t := c.target; t.snapshot != nil && !c.byName {
		c.harms("the path " + t.text + " is a snapshot: acted on the volume " + t.file())
	}
	c.changedTarget()
}

// changedSnapshot notes that the handler changed the snapshot of the target.
func (c *call) changedSnapshot() {
	c.changedTarget()
	c.changed(python.Str(c.target.snapshot))
}

// changedTarget notes that the handler changed what the target names.
func (c *call) changedTarget() {
	if t := c.target; t.stray {
		c.harms("the path " + t.text + " goes on behind what the agent reads: acted on " + t.file())
	}
	c.changed(c.target.logical, c.target.volume)
}

// shellMeta are the characters that a shell does not take as part of a word.
const shellMeta = " \t\r\n;&|$`<>()'\"\\*?[]"

// shell notes values that the handler puts into a command line unquoted.
func (c *call) shell(values ...any) {
	for _, v := range values {
		if text, ok := v.(string); ok && strings.ContainsAny(text, shellMeta) {
			c.harms("the shell of the node read " + python.Repr(text))
		}
	}
}
