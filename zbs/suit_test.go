package zbs_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

const hunter2 zbs.Secret = "hunter2"

var (
	volPath   = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol"}}
	snapPath  = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol", Snapshot: "s"}}
	access    = zbs.HostAccess{IP: "10.0.0.5", Port: 22, Username: "root", Password: hunter2}
	addressOf = zbs.HostAccess{IP: "10.0.0.5"}
)

// What becomes of a command before it is sent.
const (
	asIs   = "as it is"
	old    = "ErrAgentTooOld"
	lacks  = "ErrUnsupported"
	needs  = "ErrHostAccess"
	bare   = "without access"
	inPool = "without the pool"
	both   = "in both dialects"
)

// suits is what each command comes to on agents of G6, G7, G7e, G8, G9 and G10,
// written down from what was seen of them.
var suits = map[string]struct {
	command interface{ Endpoint() zbs.Endpoint }
	want    [6]string
}{
	"echo":            {zbs.Echo{}, [6]string{asIs, asIs, asIs, asIs, asIs, asIs}},
	"clients":         {zbs.GetVolumeClients{Path: volPath}, [6]string{asIs, asIs, asIs, asIs, asIs, asIs}},
	"facts":           {zbs.GetFacts{}, since(asIs)},
	"ping":            {zbs.Ping{}, since(asIs)},
	"metadata/sync":   {zbs.SyncMetadata{AgentVersion: "5"}, since(asIs)},
	"capacity":        {zbs.GetCapacity{}, since(both)},
	"capacity of one": {zbs.GetCapacity{LogicalPools: []string{"lp"}}, since(both)},
	"query":           {zbs.QueryVolume{Path: volPath}, since(asIs)},
	"query batch":     {zbs.QueryVolumes{Paths: []zbs.CBDPath{volPath}}, [6]string{old, asIs, lacks, asIs, asIs, asIs}},
	"create":          {zbs.CreateVolume{LogicalPool: "lp", Volume: "vol"}, since(asIs)},
	"delete":          {zbs.DeleteVolume{Path: volPath}, since(asIs)},
	"clone":           {zbs.CloneVolume{Path: snapPath, DstVolume: "v"}, since(asIs)},
	"expand":          {zbs.ExpandVolume{Path: volPath}, since(asIs)},
	"flatten":         {zbs.FlattenVolume{Path: volPath}, since(asIs)},
	"export":          {zbs.ExportNBD{Path: volPath}, since(asIs)},
	"unexport":        {zbs.UnexportNBD{Port: 1}, since(asIs)},
	"snapshot":        {zbs.CreateSnapshot{Path: volPath, Snapshot: "s"}, since(asIs)},
	"delete snapshot": {zbs.DeleteSnapshot{Path: snapPath}, since(asIs)},
	"rollback":        {zbs.RollbackSnapshot{Path: snapPath}, since(asIs)},
	"deploy client":   {zbs.DeployClient{Host: access}, since(asIs)},
	"query snapshot":  {zbs.QuerySnapshot{Path: snapPath}, [6]string{old, lacks, asIs, lacks, lacks, lacks}},
	"usage":           {zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}}, [6]string{old, lacks, lacks, lacks, asIs, asIs}},
	"copy":            {zbs.CopySnapshot{Path: snapPath, DstVolume: "v"}, since(asIs)},
	"copy, own pool":  {zbs.CopySnapshot{Path: snapPath, DstVolume: "v", DstPool: "lp"}, since(inPool)},
	"copy, other":     {zbs.CopySnapshot{Path: snapPath, DstVolume: "v", DstPool: "lp2"}, [6]string{old, lacks, lacks, lacks, asIs, asIs}},
	"deploy vhost":    {zbs.DeployVhost{Host: access}, [6]string{old, lacks, lacks, asIs, asIs, lacks}},
	"destroy vhost":   {zbs.DestroyVhost{Host: access}, [6]string{old, lacks, lacks, asIs, bare, lacks}},
	"destroy, addr":   {zbs.DestroyVhost{Host: addressOf}, [6]string{old, lacks, lacks, needs, asIs, lacks}},
	"check vhost":     {zbs.CheckVhost{Host: addressOf}, [6]string{old, lacks, lacks, lacks, lacks, asIs}},
	"check, password": {zbs.CheckVhost{Host: access}, [6]string{old, lacks, lacks, lacks, lacks, asIs}},
	"vhost health":    {zbs.GetVhostHealth{HostIP: "10.0.0.5"}, [6]string{old, lacks, lacks, lacks, lacks, asIs}},
	"bdev":            {zbs.CreateBdev{Host: access, LogicalPool: "lp", Volume: "vol", Bdev: "b"}, [6]string{old, lacks, lacks, asIs, bare, bare}},
	"bdev, address":   {zbs.CreateBdev{Host: addressOf, LogicalPool: "lp", Volume: "vol", Bdev: "b"}, [6]string{old, lacks, lacks, needs, asIs, asIs}},
	"no bdev":         {zbs.DeleteBdev{Host: access, Bdev: "b"}, [6]string{old, lacks, lacks, asIs, bare, bare}},
	"no bdev, addr":   {zbs.DeleteBdev{Host: addressOf, Bdev: "b"}, [6]string{old, lacks, lacks, needs, asIs, asIs}},
}

var suitGenerations = [6]string{"G6", "G7", "G7e", "G8", "G9", "G10"}

// since is what becomes of a command that every agent since G7 takes the same.
func since(what string) [6]string { return [6]string{old, what, what, what, what, what} }

// askedFor asks an agent of the endpoints for what NextFor wants to know.
func askedFor(command any, e zbs.Endpoint, has []string) (c zbs.Capabilities, asked []string) {
	for {
		next, more := zbs.NextFor(command, e, c)
		if !more {
			return c, asked
		}
		asked = append(asked, next.Name)
		c = c.With(next, slices.Contains(has, next.Name))
	}
}

// everythingOf is all that can be known of an agent of the endpoints.
func everythingOf(has []string) (c zbs.Capabilities) {
	for _, g := range zbs.Generations() {
		for _, e := range append(g.Has, g.Lacks...) {
			c = c.With(e, slices.Contains(has, e.Name))
		}
	}
	return c.With(zbs.EndpointVhostBdevDelete, slices.Contains(has, "vhost/bdev/delete")) // which tells no generation
}

// Every command on every generation: as it is, adapted, or refused. It does not
// matter whether all is known of the agent or only what NextFor asked for, except
// that a refusal that costs nothing to be sent (HTTP 404) may be left to the agent.
// A pointer to a command is a command.
func TestSuit(t *testing.T) {
	for name, row := range suits {
		for i, g := range suitGenerations {
			t.Run(name+" on "+g, func(t *testing.T) {
				e := row.command.Endpoint()
				for _, command := range []any{row.command, pointerTo(row.command)} {
					checkSuit(t, command, e, everythingOf(agents[g]), row.want[i])
					c, asked := askedFor(command, e, agents[g])
					want := row.want[i]
					switch {
					case want == lacks && !c.Knows(e) && !strings.HasPrefix(name, "copy") && name != "query batch":
						want = asIs // the agent says so itself
					}
					if t.Failed() {
						return
					}
					if checkSuit(t, command, e, c, want); t.Failed() {
						t.Logf("asked %v", asked)
					}
					if want == asIs && row.want[i] != asIs && zbs.SecretOf(command) != "" {
						t.Errorf("a password would be sent to an agent without %s; asked %v", e.Name, asked)
					}
				}
			})
		}
	}
}

// checkSuit compares what Suit makes of the command with what it should.
func checkSuit(t *testing.T, command any, e zbs.Endpoint, c zbs.Capabilities, want string) {
	t.Helper()
	got, err := zbs.Suit(command, e, c)
	refusals := map[string]error{old: zbs.ErrAgentTooOld, lacks: zbs.ErrUnsupported, needs: zbs.ErrHostAccess}
	if wanted, refused := refusals[want]; refused {
		if !errors.Is(err, wanted) || strings.Contains(err.Error(), string(hunter2)) {
			t.Errorf("%T: %v, want %s", command, err, want)
		}
		if want == lacks && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%T: %v is no errors.ErrUnsupported", command, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%T: %v, want it %s", command, err, want)
		return
	}
	if expected := expectedOf(t, command, want); encoded(t, got) != expected {
		t.Errorf("%T becomes %s, want it %s: %s", command, encoded(t, got), want, expected)
	}
	if want == bare && zbs.SecretOf(got) != "" {
		t.Errorf("%T keeps its password", command)
	}
}

// expectedOf is what goes on the wire.
func expectedOf(t *testing.T, command any, want string) string {
	t.Helper()
	text := encoded(t, command)
	switch want {
	case bare:
		return strings.Replace(text, `,"sshPort":22,"sshUsername":"root","sshPassword":"hunter2"`, "", 1)
	case inPool:
		return strings.Replace(text, `,"dstPool":"lp"`, "", 1)
	case both:
		if strings.Contains(text, "logicalPoolNames") {
			return strings.Replace(text, "}", `,"logicalPool":"lp"}`, 1)
		}
		return strings.Replace(text, "}", `,"logicalPool":""}`, 1)
	}
	return text
}

func encoded(t *testing.T, command any) string {
	t.Helper()
	body, err := zbs.Envelope{Addr: "mds"}.Encode(command)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func pointerTo(command any) any {
	p := reflect.New(reflect.TypeOf(command))
	p.Elem().Set(reflect.ValueOf(command))
	return p.Interface()
}

// What must be asked of an agent before a command is sent: little, and nothing for
// what every agent reads right.
func TestNextFor(t *testing.T) {
	for name, row := range map[string]struct {
		command    interface{ Endpoint() zbs.Endpoint }
		generation string
		want       string
	}{
		"echo":                 {zbs.Echo{}, "G9", ""},
		"clients":              {zbs.GetVolumeClients{Path: volPath}, "G9", ""},
		"query":                {zbs.QueryVolume{Path: volPath}, "G9", "volume/clients"},
		"an old agent":         {zbs.CreateBdev{Host: access}, "G6", "volume/clients"},
		"capacity":             {zbs.GetCapacity{}, "G7e", "volume/clients"},
		"copy":                 {zbs.CopySnapshot{Path: snapPath}, "G8", "volume/clients"},
		"copy, own pool":       {zbs.CopySnapshot{Path: snapPath, DstPool: "lp"}, "G8", "volume/clients"},
		"copy, other pool":     {zbs.CopySnapshot{Path: snapPath, DstPool: "lp2"}, "G8", "volume/clients resource/usage vhost/check"},
		"copy, known at once":  {zbs.CopySnapshot{Path: snapPath, DstPool: "lp2"}, "G9", "volume/clients resource/usage"},
		"bdev on G10":          {zbs.CreateBdev{Host: access}, "G10", "volume/clients resource/usage"},
		"bdev on G8":           {zbs.CreateBdev{Host: access}, "G8", "volume/clients resource/usage vhost/check vhost/bdev/create"},
		"delete bdev on G8":    {zbs.DeleteBdev{Host: access}, "G8", "volume/clients resource/usage vhost/check vhost/bdev/delete"},
		"batch on G7e":         {zbs.QueryVolumes{}, "G7e", "volume/clients snapshot/query vhost/bdev/create"},
		"batch on G9":          {zbs.QueryVolumes{}, "G9", "volume/clients snapshot/query"},
		"deploy vhost":         {zbs.DeployVhost{Host: access}, "G10", "volume/clients vhost/deploy"},
		"destroy vhost":        {zbs.DestroyVhost{Host: access}, "G10", "volume/clients vhost/destroy"},
		"check vhost":          {zbs.CheckVhost{Host: addressOf}, "G9", "volume/clients"},
		"check with password":  {zbs.CheckVhost{Host: access}, "G9", "volume/clients vhost/check"},
		"deploy client":        {zbs.DeployClient{Host: access}, "G9", "volume/clients client/deploy"},
		"health, no password":  {zbs.GetVhostHealth{HostIP: "10.0.0.5"}, "G9", "volume/clients"},
		"snapshot query":       {zbs.QuerySnapshot{Path: snapPath}, "G9", "volume/clients"},
		"pointer to a deploy":  {&zbs.DeployVhost{Host: access}, "G10", "volume/clients vhost/deploy"},
		"pointer to a bdev":    {&zbs.CreateBdev{Host: access}, "G10", "volume/clients resource/usage"},
		"pointer to a host":    {&zbs.DeployClient{Host: access}, "G9", "volume/clients client/deploy"},
		"pointer to a destroy": {&zbs.DestroyVhost{Host: access}, "G10", "volume/clients vhost/destroy"},
	} {
		t.Run(name, func(t *testing.T) {
			_, asked := askedFor(row.command, row.command.Endpoint(), agents[row.generation])
			if got := strings.Join(asked, " "); got != row.want {
				t.Errorf("asks %q, want %q", got, row.want)
			}
		})
	}
}

// A refusal says which generation it is about, and what to do instead.
func TestSuitSaysWhy(t *testing.T) {
	for name, row := range map[string]struct {
		command    interface{ Endpoint() zbs.Endpoint }
		generation string
		want       []string
	}{
		"too old":      {zbs.QueryVolume{Path: volPath}, "G6", []string{"ZStack 5.4.0", "G6", "upgrade"}},
		"no deploy":    {zbs.DeployVhost{Host: access}, "G10", []string{"G10", "vhost/deploy", "ZStone", "vhost/check"}},
		"no destroy":   {zbs.DestroyVhost{Host: access}, "G10", []string{"G10", "vhost/destroy", "vhost/check"}},
		"no query":     {zbs.QuerySnapshot{Path: snapPath}, "G9", []string{"G9", "snapshot/query"}},
		"no batch":     {zbs.QueryVolumes{Paths: []zbs.CBDPath{volPath}}, "G7e", []string{"G7e", "batch"}},
		"another pool": {zbs.CopySnapshot{Path: snapPath, DstVolume: "v", DstPool: "lp2"}, "G8", []string{"G8", "pool lp"}},
		"ssh access":   {zbs.CreateBdev{Host: addressOf}, "G8", []string{"G8", "10.0.0.5", "password"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := zbs.Suit(row.command, row.command.Endpoint(), everythingOf(agents[row.generation]))
			for _, want := range row.want {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("%v: no word of %s", err, want)
				}
			}
		})
	}
}
