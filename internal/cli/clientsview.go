package cli

import (
	"errors"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume"
)

// clientsTable shows the answers for people.
func clientsTable(answers []volumeClients, out format) *term.Table {
	t := &term.Table{Header: []string{"VOLUME", "CLIENT", "MDS", "AFTER"}}
	if out == formatWide {
		t.Header = append(t.Header, "ATTEMPTS")
	}
	for _, answer := range answers {
		answer.rows(t, out)
	}
	return t
}

// rows adds a row for each client, or one that says why there is none. It covers the
// MDS that answered first, and the others if they were asked.
func (v volumeClients) rows(t *term.Table, out format) {
	add := func(client, said term.Cell, after string, attempts string) {
		row := []term.Cell{term.Text(v.list.Path.String()), client, said, term.Text(after)}
		if out == formatWide {
			row = append(row, term.Text(attempts))
		}
		t.Add(row...)
	}
	attempts := attemptsLine(v.list.Trace)
	if v.err != nil {
		what := "cannot tell"
		if errors.Is(v.err, volume.ErrNotFound) {
			what = "not found"
		}
		add(term.Red.Cell(what), term.Dim.Cell("-"), term.Took(v.took), attempts)
		return
	}
	if len(v.lists) == 0 {
		for _, client := range v.list.Clients {
			add(term.Cyan.Cell(client.String()), term.Text(v.list.MDS.String()), term.Took(v.took), attempts)
		}
		return
	}
	for _, l := range v.lists {
		for _, client := range l.clients {
			add(term.Cyan.Cell(client.String()), term.Text(l.mds.String()), term.Took(l.took), l.attempt)
		}
		if len(l.clients) == 0 {
			add(l.emptiness(), term.Text(l.mds.String()), term.Took(l.took), l.attempt)
		}
	}
}

// emptiness says what an empty list of this MDS means.
func (l mdsList) emptiness() term.Cell {
	switch state := health.Of(l.health); {
	case l.err != nil:
		return term.Red.Cell("no answer")
	case state == health.Unsynced:
		return term.Red.Cell("none listed, unsynced")
	case state != health.Serving:
		return term.Red.Cell("none listed, " + string(state))
	}
	return term.Yellow.Cell("none listed")
}
