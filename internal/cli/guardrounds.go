package cli

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// rounds prints what each MDS answered in the last rounds, or in all with -o wide.
func (p *reportPrinter) rounds() {
	all := p.report.Evidence.Rounds
	if len(all) == 0 {
		return
	}
	first := 0
	if !p.wide {
		first = max(0, len(all)-max(2, p.report.Timing.Rounds))
	}
	t := table{header: []string{"ROUND", "MDS", "CLIENTS", "CAN LIST", "EXISTS"}}
	if p.wide {
		t.header = append(t.header, "AGENT", "BEGAN", "TOOK")
	}
	for k := first; k < len(all); k++ {
		for _, o := range all[k].Observations {
			row := []cell{textCell(strconv.Itoa(k + 1)), textCell(o.MDS.String()), p.clientsCell(o.Clients), p.canListCell(o, k+1), existsCell(all[k], o.MDS)}
			if p.wide {
				row = append(row, orDash(cmp.Or(o.Ping.AgentVersion, o.Generation)), textCell(took(secondsOf(all[k].Began))), textCell(took(secondsOf(all[k].Took))))
			}
			t.add(row...)
		}
	}
	p.table(t)
	if first > 0 {
		p.line("%s", p.style(dim, "(the last rounds of "+strconv.Itoa(len(all))+", -o wide shows every one)"))
	}
}

// clientsCell names the hosts that the MDS lists for the volume.
func (p *reportPrinter) clientsCell(l proof.ListAnswer) cell {
	switch {
	case l.Outcome == proof.NotAsked:
		return orDash("")
	case l.Outcome != proof.Answered:
		return outcomeCell(l.Outcome)
	case len(l.Clients) == 0:
		return dim.cell("nobody")
	}
	var names []string
	for _, c := range l.Clients {
		name := p.hostOf(c)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	text := some(names, 2, p.wide)
	if !p.wide && len(text) > 24 {
		text = some([]string{shorten(names[0], 14)}, 1, true)
		if len(names) > 1 {
			text += " and " + strconv.Itoa(len(names)-1) + " more"
		}
	}
	return cyan.cell(text)
}

// canListCell names the volume which proves that the MDS can list, or says why none does.
func (p *reportPrinter) canListCell(o proof.Observation, round int) cell {
	if why := whyNot(p.report, o.MDS, round); why != "" {
		return yellow.cell(why)
	}
	for _, list := range listsOf(p.report, o) {
		if o.Ping.Outcome == proof.Answered && list.Outcome == proof.Answered && len(list.Clients) > 0 {
			return green.cell("by " + p.nameOf(list.Volume))
		}
	}
	return orDash("")
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

func outcomeCell(o proof.Outcome) cell { return yellow.cell(strings.ReplaceAll(o.String(), "-", " ")) }

func existsCell(round proof.Round, addr zbs.Addr) cell {
	for _, e := range round.Existence {
		switch {
		case e.MDS != addr || e.Outcome == proof.NotAsked:
		case e.Outcome == proof.Answered:
			return textCell("yes")
		default:
			return outcomeCell(e.Outcome)
		}
	}
	return orDash("")
}
