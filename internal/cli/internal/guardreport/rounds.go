package guardreport

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// rounds prints what each MDS answered in the last rounds, or in all with -o wide.
func (p *printer) rounds() {
	all := p.report.Evidence.Rounds
	if len(all) == 0 {
		return
	}
	first := 0
	if !p.Wide {
		first = max(0, len(all)-max(2, p.report.Timing.Rounds))
	}
	t := term.Table{Header: []string{"ROUND", "MDS", "CLIENTS", "CAN LIST", "EXISTS"}}
	if p.Wide {
		t.Header = append(t.Header, "AGENT", "BEGAN", "TOOK")
	}
	for k := first; k < len(all); k++ {
		for _, o := range all[k].Observations {
			row := []term.Cell{term.Text(strconv.Itoa(k + 1)), term.Text(o.MDS.String()), p.clientsCell(o.Clients), p.canListCell(o, k+1), existsCell(all[k], o.MDS)}
			if p.Wide {
				row = append(row, term.OrDash(cmp.Or(o.Ping.AgentVersion, o.Generation)), term.Text(term.Took(secondsOf(all[k].Began))), term.Text(term.Took(secondsOf(all[k].Took))))
			}
			t.Add(row...)
		}
	}
	p.Table(t)
	if first > 0 {
		p.Line("%s", p.Style(term.Dim, "(the last rounds of "+strconv.Itoa(len(all))+", -o wide shows every one)"))
	}
}

// clientsCell names the hosts that the MDS lists for the volume.
func (p *printer) clientsCell(l proof.ListAnswer) term.Cell {
	switch {
	case l.Outcome == proof.NotAsked:
		return term.OrDash("")
	case l.Outcome != proof.Answered:
		return outcomeCell(l.Outcome)
	case len(l.Clients) == 0:
		return term.Dim.Cell("nobody")
	}
	var names []string
	for _, c := range l.Clients {
		name := p.hostOf(c)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	text := term.Some(names, 2, p.Wide)
	if !p.Wide && len(text) > 24 {
		text = term.Some([]string{term.Shorten(names[0], 14)}, 1, true)
		if len(names) > 1 {
			text += " and " + strconv.Itoa(len(names)-1) + " more"
		}
	}
	return term.Cyan.Cell(text)
}

// canListCell names the volume which proves that the MDS can list, or says why none does.
func (p *printer) canListCell(o proof.Observation, round int) term.Cell {
	if why := whyNot(p.report, o.MDS, round); why != "" {
		return term.Yellow.Cell(why)
	}
	for _, list := range listsOf(p.report, o) {
		if o.Ping.Outcome == proof.Answered && list.Outcome == proof.Answered && len(list.Clients) > 0 {
			return term.Green.Cell("by " + p.nameOf(list.Volume))
		}
	}
	return term.OrDash("")
}

// whyNot says in short why the MDS does not count in the round. The reasons below the
// table say it in full.
func whyNot(r guard.Report, mds zbs.Addr, round int) string {
	var texts []string
	for _, reason := range slices.Concat(r.Reasons, r.Notes) {
		short, known := shortCodes[reason.Code]
		if known && reason.MDS == mds && reason.Round == round && !slices.Contains(texts, short) {
			texts = append(texts, short)
		}
	}
	return strings.Join(texts, ", ")
}

func outcomeCell(o proof.Outcome) term.Cell {
	return term.Yellow.Cell(strings.ReplaceAll(o.String(), "-", " "))
}

func existsCell(round proof.Round, addr zbs.Addr) term.Cell {
	for _, e := range round.Existence {
		switch {
		case e.MDS != addr || e.Outcome == proof.NotAsked:
		case e.Outcome == proof.Answered:
			return term.Text("yes")
		default:
			return outcomeCell(e.Outcome)
		}
	}
	return term.OrDash("")
}
