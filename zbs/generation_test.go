package zbs_test

import (
	"slices"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

// agents are the endpoints that each generation answers 400 to a POST without a
// task id, written down from what was seen of the agents, not from the table.
var agents = map[string][]string{
	"G1":  {"facts"},
	"G2":  {"facts", "client/deploy"},
	"G3":  {"client/deploy"},
	"G6":  {"client/deploy", "volume/query/batch"},
	"G6z": {"client/deploy", "volume/flatten"},
	"G7":  {"volume/clients", "facts", "client/deploy", "volume/query/batch", "volume/flatten"},
	"G7e": {"volume/clients", "facts", "client/deploy", "volume/query/batch", "volume/flatten", "snapshot/query"},
	"G8": {"volume/clients", "facts", "client/deploy", "volume/query/batch", "volume/flatten",
		"vhost/deploy", "vhost/destroy", "vhost/bdev/create", "vhost/bdev/delete"},
	"G9": {"volume/clients", "facts", "client/deploy", "volume/query/batch", "volume/flatten", "resource/usage",
		"vhost/deploy", "vhost/destroy", "vhost/bdev/create", "vhost/bdev/delete"},
	"G10": {"volume/clients", "facts", "client/deploy", "volume/query/batch", "volume/flatten", "resource/usage",
		"vhost/check", "vhost/target/health", "vhost/bdev/create", "vhost/bdev/delete"},
}

// learn asks the agent of the endpoints for what Next wants to know.
func learn(has []string) (c zbs.Capabilities, asked []string) {
	for {
		e, more := c.Next()
		if !more {
			return c, asked
		}
		asked = append(asked, e.Name)
		c = c.With(e, slices.Contains(has, e.Name))
	}
}

// A handful of questions, each harmless, name the generation.
func TestEveryGenerationIsRecognised(t *testing.T) {
	for id, has := range agents {
		c, asked := learn(has)
		want := id
		if id == "G3" {
			want = "G3 to G5" // which differ in fields alone
		}
		if got := c.Generation(); got != want {
			t.Errorf("%s: recognised as %s after %v", id, got, asked)
		}
		if len(asked) > 5 || asked[0] != "volume/clients" {
			t.Errorf("%s: asked %v, want volume/clients first and at most 5", id, asked)
		}
		if old := !slices.Contains(has, "volume/clients"); c.TooOld() != old {
			t.Errorf("%s: TooOld is %t", id, c.TooOld())
		}
		for _, g := range c.Generations() {
			if g.TooOld() != c.TooOld() || g.Releases == "" || g.Seen == "" || g.Different == "" {
				t.Errorf("%s: row %+v", id, g)
			}
		}
	}
}

// The table never contradicts what was seen.
func TestGenerationsAgreeWithWhatWasSeen(t *testing.T) {
	for _, g := range zbs.Generations() {
		seen, ok := agents[g.ID]
		if !ok {
			seen = agents["G3"] // G4 and G5
		}
		for _, e := range g.Has {
			if !slices.Contains(seen, e.Name) {
				t.Errorf("%s has no %s", g.ID, e.Name)
			}
		}
		for _, e := range g.Lacks {
			if slices.Contains(seen, e.Name) {
				t.Errorf("%s has %s", g.ID, e.Name)
			}
		}
	}
}

func TestCapabilitiesOfNothingAndOfTheUnknown(t *testing.T) {
	var none zbs.Capabilities
	if none.Generation() != "unknown" || none.TooOld() || none.Has(zbs.EndpointFacts) || none.Knows(zbs.EndpointFacts) {
		t.Errorf("the zero value: %s", none.Generation())
	}
	if got := none.With(zbs.EndpointVolumeClients, false); got.Generation() != "G1 to G6z" || got.Releases() != "ZStack 5.4.0 or older, or ZSV 4.10" {
		t.Errorf("an old agent of which no more is known: %s, %s", got.Generation(), got.Releases())
	}
	if got := none.With(zbs.EndpointVolumeClients, true); got.Generation() != "G7 to G10" {
		t.Errorf("a newer agent of which no more is known: %s", got.Generation())
	}
	strange := none.With(zbs.EndpointVolumeClients, true).With(zbs.EndpointFacts, false)
	if strange.Generation() != "other" || strange.Releases() != "an unknown release" {
		t.Errorf("an agent unlike all: %s, %s", strange.Generation(), strange.Releases())
	}
	if again := strange.With(zbs.EndpointFacts, true); !again.Has(zbs.EndpointFacts) || again.Lacks(zbs.EndpointFacts) {
		t.Error("what is learned last does not hold")
	}
	if e, more := strange.Next(); more {
		t.Errorf("wants to know %s", e.Name)
	}
}

func TestTellsVersion(t *testing.T) {
	g7e := zbs.Capabilities{}.With(zbs.EndpointVolumeClients, true).With(zbs.EndpointVhostCheck, false).With(zbs.EndpointVhostDeploy, false).
		With(zbs.EndpointResourceUsage, false)
	for want, c := range map[bool]zbs.Capabilities{
		false: g7e.With(zbs.EndpointSnapshotQuery, true),
		true:  g7e, // or G7
	} {
		if c.TellsVersion() != want {
			t.Errorf("%s: tells its version %t, want %t", c.Generation(), c.TellsVersion(), want)
		}
	}
	if unknown := (zbs.Capabilities{}); !unknown.TellsVersion() {
		t.Error("an unknown agent is said never to tell")
	}
}
