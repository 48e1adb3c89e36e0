package cli

import (
	"errors"

	"github.com/zbsclient/zbsclient/volume"
)

// clientsTable shows the answers for people.
func clientsTable(answers []volumeClients, out format) *table {
	t := &table{header: []string{"VOLUME", "CLIENT", "MDS", "AFTER"}}
	if out == formatWide {
		t.header = append(t.header, "ATTEMPTS")
	}
	for _, answer := range answers {
		answer.rows(t, out)
	}
	return t
}

// rows adds a row for each client, or one that says why there is none. It covers the
// MDS that answered first, and the others if they were asked.
func (v volumeClients) rows(t *table, out format) {
	add := func(client, said cell, after string, attempts string) {
		row := []cell{textCell(v.list.Path.String()), client, said, textCell(after)}
		if out == formatWide {
			row = append(row, textCell(attempts))
		}
		t.add(row...)
	}
	attempts := attemptsLine(v.list.Trace)
	if v.err != nil {
		what := "cannot tell"
		if errors.Is(v.err, volume.ErrNotFound) {
			what = "not found"
		}
		add(red.cell(what), dim.cell("-"), took(v.took), attempts)
		return
	}
	if len(v.lists) == 0 {
		for _, client := range v.list.Clients {
			add(cyan.cell(client.String()), textCell(v.list.MDS.String()), took(v.took), attempts)
		}
		return
	}
	for _, l := range v.lists {
		for _, client := range l.clients {
			add(cyan.cell(client.String()), textCell(l.mds.String()), took(l.took), l.attempt)
		}
		if len(l.clients) == 0 {
			add(l.emptiness(), textCell(l.mds.String()), took(l.took), l.attempt)
		}
	}
}

// emptiness says what an empty list of this MDS means.
func (l mdsList) emptiness() cell {
	switch state := stateOf(l.health); {
	case l.err != nil:
		return red.cell("no answer")
	case state == stateUnsynced:
		return red.cell("none listed, unsynced")
	case state != stateServing:
		return red.cell("none listed, " + string(state))
	}
	return yellow.cell("none listed")
}
