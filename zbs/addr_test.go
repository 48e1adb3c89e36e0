package zbs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/zbs"
)

func TestParseAddr(t *testing.T) {
	for in, want := range map[string]zbs.Addr{
		"mds-a":                          {Host: "mds-a", Port: 7763},
		"10.0.0.1":                       {Host: "10.0.0.1", Port: 7763},
		" mds-a:7000\n":                  {Host: "mds-a", Port: 7000},
		"2001:db8::1":                    {Host: "2001:db8::1", Port: 7763},
		"[2001:db8::1]":                  {Host: "2001:db8::1", Port: 7763},
		"[2001:db8::1]:7000":             {Host: "2001:db8::1", Port: 7000},
		"http://mds-a":                   {Host: "mds-a", Port: 7763},
		"http://mds-a:80/":               {Host: "mds-a", Port: 80},
		"https://mds-a/root/path/":       {Host: "mds-a", Port: 7763, TLS: true, Root: "/root/path"},
		"http://[::1]:7763/agent":        {Host: "::1", Port: 7763, Root: "/agent"},
		"http://user:p@ss/w@mds-a:81":    {Host: "mds-a", Port: 81},
		"root:pw@mds-a":                  {Host: "mds-a", Port: 7763},
		"root:pw@mds-a:2222":             {Host: "mds-a", Port: 7763},
		"root:pw@mds-a/":                 {Host: "mds-a", Port: 7763},
		"root:pw@mds-a:22/?mdsPort=6666": {Host: "mds-a", Port: 7763},
		"root:pw@[2001:db8::10]:2222/?mdsPort=7777":                   {Host: "2001:db8::10", Port: 7763},
		"root:password123-`=[];,./~!@#$%^&*()_+|{}:<>?@127.0.2.1":     {Host: "127.0.2.1", Port: 7763},
		"root:password123-`=[];,./~!@#$%^&*()_+|{}:<>?@127.0.2.1:23/": {Host: "127.0.2.1", Port: 7763},
		"root:a@b@c@10.0.0.1:22/?mdsPort=6667":                        {Host: "10.0.0.1", Port: 7763},
	} {
		got, err := zbs.ParseAddr(in)
		if err != nil {
			t.Errorf("ParseAddr(%q): %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ParseAddr(%q) (-want +got):\n%s", in, diff)
		}
		if again, err := zbs.ParseAddr(got.String()); err != nil || again != got {
			t.Errorf("%q prints to %q, which reads %v, %v", in, got, again, err)
		}
	}
}

func TestParseAddrRefuses(t *testing.T) {
	const secret = "S3cret"
	for in, say := range map[string]string{
		"":                                    "host is missing",
		":7763":                               "host is missing",
		"mds a":                               "characters",
		"mds-a;reboot":                        "characters",
		"mds-a:0":                             "1..65535",
		"mds-a:65536":                         "1..65535",
		"mds-a:":                              "1..65535",
		"root:" + secret:                      "1..65535",
		"root:" + secret + ":22":              "IPv6",
		"[::1":                                "not closed",
		"[::1]7763":                           "behind the bracket",
		"[10.0.0.1]:7763":                     "no IPv6",
		"fe80::1%eth0":                        "zone",
		"http://mds-a/?x=1":                   "query",
		"http://mds-a/a b":                    "root path",
		"root:@mds-a":                         "password is empty",
		":" + secret + "@mds-a":               "user or password",
		secret + "@mds-a":                     "user or password",
		"root:" + secret + "@":                "host is missing",
		"root:" + secret + "@mds-a:70000":     "1..65535",
		"root:" + secret + "@mds-a:0/":        "1..65535",
		"root:" + secret + "@mds-a/path":      "characters",
		"root:" + secret + "@mds-a/?port=1":   `unknown query key "port"`,
		"root:" + secret + "@mds-a/?mdsPort=": "mdsPort",
		"root:" + secret + "@mds-a/?%zz":      "query",
	} {
		_, err := zbs.ParseAddr(in)
		if !errors.Is(err, zbs.ErrInvalidAddr) {
			t.Errorf("ParseAddr(%q): %v, want ErrInvalidAddr", in, err)
			continue
		}
		if !strings.Contains(err.Error(), say) {
			t.Errorf("ParseAddr(%q): error %q does not say %q", in, err, say)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("ParseAddr(%q): error %q tells the password", in, err)
		}
	}
}

func TestAddrURL(t *testing.T) {
	for in, want := range map[string]string{
		"mds-a":                   "http://mds-a:7763/zbs/primarystorage/volume/clients",
		"https://[::1]:8443/root": "https://[::1]:8443/root/zbs/primarystorage/volume/clients",
	} {
		addr, err := zbs.ParseAddr(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := addr.URL(zbs.EndpointVolumeClients); got != want {
			t.Errorf("URL of %q = %q, want %q", in, got, want)
		}
	}
}

// What parses prints back to an address that parses to the same, with a host
// that may stand in a command, and no error repeats what is before an @.
func FuzzParseAddr(f *testing.F) {
	for _, seed := range []string{"mds-a", "mds-a:7000", "[::1]:80", "http://a/b", "https://u:p@a:1/b", "root:p@ss@h:22/?mdsPort=1", "::1", "root:secret"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := zbs.ParseAddr(s)
		if err != nil {
			if !errors.Is(err, zbs.ErrInvalidAddr) {
				t.Fatalf("error %v does not match ErrInvalidAddr", err)
			}
			return
		}
		if again, err := zbs.ParseAddr(addr.String()); err != nil || again != addr {
			t.Fatalf("%q parses to %#v, which prints to %q, %v", s, addr, addr, err)
		}
		if strings.ContainsAny(addr.Host, " /@;$`'\"\n%") {
			t.Fatalf("host %q was accepted", addr.Host)
		}
	})
}

// An MDS URL with the secret anywhere in its user info never shows it.
func FuzzRedactAddr(f *testing.F) {
	f.Add("root", "x", "mds-a:22")
	f.Add("ro:ot", "@:/?", "[::1]")
	f.Fuzz(func(t *testing.T, user, around, host string) {
		const secret = "S3cretW0rd"
		if strings.Contains(host, secret) || strings.Contains(host, "@") {
			t.Skip()
		}
		in := user + ":" + around + secret + around + "@" + host
		if got := zbs.RedactAddr(in); strings.Contains(got, secret) {
			t.Fatalf("RedactAddr(%q) = %q", in, got)
		}
		if _, err := zbs.ParseAddr(in); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("ParseAddr(%q): %v", in, err)
		}
	})
}
