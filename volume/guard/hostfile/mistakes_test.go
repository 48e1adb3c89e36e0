package hostfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
)

func TestMistakes(t *testing.T) {
	const keys = "name, addrs, pools, state, open"
	tests := []struct {
		name string
		text string
		want []string // the lines of the error
	}{
		{"empty", "", []string{`f: the file is empty, it must list hosts`}},
		{"comment alone", "# none yet\n", []string{`f: the file is empty, it must list hosts`}},
		{"no list", "hosts:\n", []string{`f:1: no hosts, write them under the key "hosts"`}},
		{"empty list", "hosts: []\n", []string{`f:1: no hosts, write them under the key "hosts"`}},
		{"list alone", "- name: a\n", []string{`f:1: a list stands here, want the keys hosts`}},
		{"text", "kvm-1\n", []string{`f:1: the single value "kvm-1" stands here, want the keys hosts`}},
		{"unknown key of the file", "host: []\n", []string{`f:1: unknown key "host", want hosts`}},
		{
			"two documents", "hosts: [{name: a, addrs: [10.0.0.5]}]\n---\nhosts: []\n",
			[]string{`f:2: a second document starts here, write all hosts into one`},
		},
		{
			"broken second document", "hosts: [{name: a, addrs: [10.0.0.5]}]\n---\n{\n",
			[]string{`f:3: neither YAML nor JSON near here: did not find expected node content`},
		},
		{
			"no YAML", "hosts:\n  - name: a\n addrs: [\n",
			[]string{`f:2: neither YAML nor JSON near here: did not find expected key`},
		},
		{
			"host is a text", "hosts:\n  - kvm-1\n",
			[]string{`f:2: host #1: the single value "kvm-1" stands here, want the keys ` + keys},
		},
		{
			"unknown and repeated keys",
			"hosts:\n  - name: a\n    addr: 10.0.0.5\n    addrs: [10.0.0.5]\n    addrs: [10.0.0.6]\n    <<: {}\n    [b]: c\n",
			[]string{
				`f:3: host a: unknown key "addr", want ` + keys,
				`f:5: host a: key "addrs" stands here again, first in line 4`,
				`f:6: host a: unknown key "<<", want ` + keys,
				`f:7: host a: unknown key "", want ` + keys,
			},
		},
		{
			"wrong kinds",
			"hosts:\n  - name: [a]\n    addrs: 10.0.0.5\n    pools: {}\n    state: []\n    open: zbs://p/v\n",
			[]string{
				`f:2: host #1: name: a list stands here, want a text`,
				`f:3: host #1: addrs: the single value "10.0.0.5" stands here, want a list`,
				`f:4: host #1: pools: a mapping stands here, want a list`,
				`f:5: host #1: state: a list stands here, want a text`,
				`f:6: host #1: open: the single value "zbs://p/v" stands here, want a list`,
			},
		},
		{
			"wrong items",
			"hosts:\n  - name: a\n    addrs:\n      - ~\n    pools: [[]]\n    open: [{}]\n",
			[]string{
				`f:4: host a: addrs: nothing stands here, want a text`,
				`f:5: host a: pools: a list stands here, want a text`,
				`f:6: host a: open: a mapping stands here, want a text`,
			},
		},
		{
			"bad values",
			"hosts:\n  - name: a\n    addrs: [10.0.0, '10.0.0.5:80', kvm-1, 0.0.0.0, '::ffff:0.0.0.0']\n" +
				"    pools: [a b]\n    state: off\n    open: [vol-1, zbs://p/v@s]\n",
			[]string{
				`f:3: host a: addrs: "10.0.0" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5`,
				`f:3: host a: addrs: "10.0.0.5:80" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5`,
				`f:3: host a: addrs: "kvm-1" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5`,
				`f:3: host a: addrs: "0.0.0.0" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5`,
				`f:3: host a: addrs: "::ffff:0.0.0.0" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5`,
				`f:4: host a: pools: logical pool name "a b" has ' ' at byte 1, allowed are A-Z a-z 0-9 . _ -: invalid name`,
				`f:5: host a: state: "off" is none of in-service, maintenance`,
				`f:6: host a: open: invalid path "vol-1": want zbs://POOL/VOLUME[@SNAPSHOT] or cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]`,
				`f:6: host a: open: zbs://p/v@s names a snapshot, want a volume`,
			},
		},
		{
			"without name and address", "hosts:\n  - name:\n  - {}\n  - addrs: []\n    name: ' a'\n",
			[]string{
				`f:2: host #1: no name`,
				`f:2: host #1: no address, list all of them under "addrs"`,
				`f:3: host #2: no name`,
				`f:3: host #2: no address, list all of them under "addrs"`,
				`f:4: host #3: no address, list all of them under "addrs"`,
				`f:5: host #3: name " a", want printable characters without blanks around them`,
			},
		},
		{
			"names that garble a report", "hosts:\n  - {name: \"a\\nb\", addrs: [10.0.0.5]}\n  - {name: \"\", addrs: [10.0.0.6]}\n",
			[]string{
				`f:2: host #1: name "a\nb", want printable characters without blanks around them`,
				`f:3: host #2: name "", want printable characters without blanks around them`,
			},
		},
		{
			"what two hosts share",
			"hosts:\n  - name: a\n    addrs: [10.0.0.5, '::ffff:10.0.0.5']\n  - name: b\n    addrs: ['::ffff:10.0.0.5', fe80::1%eth0]\n" +
				"  - name: a\n    addrs: [fe80::1%eth1]\n",
			[]string{
				`f:3: host a: addrs: 10.0.0.5 stands in line 3 too`,
				`f:5: host b: addrs: 10.0.0.5 belongs to host a too, see line 3`,
				`f:6: host a: the name stands in line 2 too, give each host its own`,
				`f:7: host a: addrs: fe80::1 belongs to host b too, see line 5`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hosts, err := hostfile.Parse("f", []byte(test.text))
			if err == nil || hosts != nil {
				t.Fatalf("got %v, %v, want an error and no hosts", hosts, err)
			}
			if got, want := err.Error(), strings.Join(test.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if _, ok := errors.AsType[*hostfile.Error](err); !ok {
				t.Errorf("%v matches no *hostfile.Error", err)
			}
		})
	}
}

func TestErrorTellsWhere(t *testing.T) {
	_, err := hostfile.Parse("f", []byte("hosts:\n  - name: a\n"))
	e, ok := errors.AsType[*hostfile.Error](err)
	if !ok || e.File != "f" || e.Line != 2 || e.Host != "a" || errors.Unwrap(e) == nil {
		t.Errorf("got %#v, want file f, line 2, host a and what is wrong", e)
	}
}
