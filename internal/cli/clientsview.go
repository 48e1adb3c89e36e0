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
		row := []cell{{text: v.list.Path.String()}, client, said, {text: after}}
		if out == formatWide {
			row = append(row, cell{text: attempts})
		}
		t.add(row...)
	}
	attempts := attemptsLine(v.list.Trace)
	if v.err != nil {
		what := "cannot tell"
		if errors.Is(v.err, volume.ErrNotFound) {
			what = "not found"
		}
		add(cell{what, red}, cell{"-", dim}, took(v.took), attempts)
		return
	}
	if len(v.lists) == 0 {
		for _, client := range v.list.Clients {
			add(cell{client.String(), cyan}, cell{text: v.list.MDS.String()}, took(v.took), attempts)
		}
		return
	}
	for _, l := range v.lists {
		for _, client := range l.clients {
			add(cell{client.String(), cyan}, cell{text: l.mds.String()}, took(l.took), l.attempt)
		}
		if len(l.clients) == 0 {
			add(l.emptiness(), cell{text: l.mds.String()}, took(l.took), l.attempt)
		}
	}
}

// emptiness says what an empty list of this MDS means.
func (l mdsList) emptiness() cell {
	switch state := stateOf(l.health); {
	case l.err != nil:
		return cell{"no answer", red}
	case state == stateUnsynced:
		return cell{"none listed, unsynced", red}
	case state != stateServing:
		return cell{"none listed, " + string(state), red}
	}
	return cell{"none listed", yellow}
}
