package guard

import "testing"

func TestServerName(t *testing.T) {
	for serial, want := range map[string]string{
		"4CV0393": "4CV0393", " 4CV0393\n": "4CV0393", "": "", "  ": "", "None": "", "0": "",
		"To Be Filled By O.E.M.": "", "Default string": "", "Not Specified": "", "0123456789": "",
	} {
		if got := serverName(serial); got != want {
			t.Errorf("%q names server %q, want %q", serial, got, want)
		}
	}
}
