package zbs

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalidPath is wrapped by every error about the form of a path. An error
// about a name within a path wraps ErrInvalidName as well.
var ErrInvalidPath = errors.New("invalid path")

const (
	installPrefix = "zbs://"
	cbdPrefix     = "cbd:"
)

// Path names a volume, or a snapshot of one, by what identifies it in a
// cluster: logical pool, volume and, for a snapshot, its name. Its text is the
// install path zbs://POOL/VOLUME[@SNAPSHOT], the spelling ZStack stores.
//
// The zero Path is invalid. Paths are comparable values, safe for concurrent use.
type Path struct {
	Pool     string // logical pool
	Volume   string
	Snapshot string // empty for a volume
}

// ParsePath reads either spelling of a path: zbs://POOL/VOLUME[@SNAPSHOT] or
// cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]. The physical pool of the second is
// checked and dropped: it does not identify the volume, and the ones that
// agents answer can be wrong. Errors wrap ErrInvalidPath.
func ParsePath(s string) (Path, error) {
	if strings.HasPrefix(s, cbdPrefix) {
		p, err := ParseCBDPath(s)
		return p.Path, err
	}
	rest, ok := strings.CutPrefix(s, installPrefix)
	if !ok {
		if strings.Contains(s, "@") { // it may be an MDS URL, with its password
			s = RedactAddr(s)
		}
		return Path{}, pathError(s, errors.New("want zbs://POOL/VOLUME[@SNAPSHOT] or cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]"))
	}
	p, err := parseSegments(rest)
	if err != nil {
		return Path{}, pathError(s, err)
	}
	return p, nil
}

// parseSegments reads POOL/VOLUME[@SNAPSHOT].
func parseSegments(s string) (Path, error) {
	segments := strings.Split(s, "/")
	if len(segments) != 2 {
		return Path{}, fmt.Errorf("want POOL/VOLUME, got %d segments", len(segments))
	}
	volume, snapshot, found := strings.Cut(segments[1], "@")
	if found && snapshot == "" {
		return Path{}, errors.New("nothing behind the @, leave it out to name the volume")
	}
	p := Path{Pool: segments[0], Volume: volume, Snapshot: snapshot}
	return p, p.checkNames()
}

func pathError(s string, err error) error {
	return fmt.Errorf("%w %q: %w", ErrInvalidPath, s, err)
}

// Validate reports whether every part of p may be sent. Errors wrap
// ErrInvalidPath and ErrInvalidName.
func (p Path) Validate() error {
	if err := p.checkNames(); err != nil {
		return pathError(p.String(), err)
	}
	return nil
}

func (p Path) checkNames() error {
	if err := CheckName("logical pool", p.Pool); err != nil {
		return err
	}
	if err := CheckName("volume", p.Volume); err != nil {
		return err
	}
	if p.Snapshot == "" {
		return nil
	}
	return CheckName("snapshot", p.Snapshot)
}

// IsSnapshot reports whether p names a snapshot of the volume.
func (p Path) IsSnapshot() bool { return p.Snapshot != "" }

// OfVolume returns the path of the volume that p names or is a snapshot of.
func (p Path) OfVolume() Path {
	p.Snapshot = ""
	return p
}

// String returns the install path.
func (p Path) String() string {
	return installPrefix + p.segments()
}

func (p Path) segments() string {
	s := p.Pool + "/" + p.Volume
	if p.Snapshot != "" {
		s += "@" + p.Snapshot
	}
	return s
}

// MarshalText returns the install path; it fails on an invalid one.
func (p Path) MarshalText() ([]byte, error) {
	return []byte(p.String()), p.Validate()
}

// UnmarshalText is ParsePath.
func (p *Path) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePath(string(text))
	return err
}

// CBDPath is a Path together with the physical pool under its logical one. Its
// text is cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT], the only spelling that agents
// take. Get one from PoolMap.CBDPath, which knows the physical pool.
//
// The zero CBDPath is invalid. Compare the Path of two CBDPaths, not the whole:
// agents may answer a wrong physical pool.
type CBDPath struct {
	PhysicalPool string
	Path
}

// ParseCBDPath reads cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]. Errors wrap ErrInvalidPath.
func ParseCBDPath(s string) (CBDPath, error) {
	rest, ok := strings.CutPrefix(s, cbdPrefix)
	if !ok {
		return CBDPath{}, pathError(s, errors.New("want cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]"))
	}
	physical, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return CBDPath{}, pathError(s, errors.New("want PHYSICAL/POOL/VOLUME behind the prefix"))
	}
	if err := CheckName("physical pool", physical); err != nil {
		return CBDPath{}, pathError(s, err)
	}
	p, err := parseSegments(rest)
	if err != nil {
		return CBDPath{}, pathError(s, err)
	}
	return CBDPath{PhysicalPool: physical, Path: p}, nil
}

// Validate reports whether every part of p may be sent. Errors wrap
// ErrInvalidPath and ErrInvalidName.
func (p CBDPath) Validate() error {
	if err := CheckName("physical pool", p.PhysicalPool); err != nil {
		return pathError(p.String(), err)
	}
	if err := p.checkNames(); err != nil {
		return pathError(p.String(), err)
	}
	return nil
}

// String returns the CBD path.
func (p CBDPath) String() string {
	return cbdPrefix + p.PhysicalPool + "/" + p.segments()
}

// MarshalText returns the CBD path; it fails on an invalid one.
func (p CBDPath) MarshalText() ([]byte, error) {
	return []byte(p.String()), p.Validate()
}

// UnmarshalText is ParseCBDPath.
func (p *CBDPath) UnmarshalText(text []byte) (err error) {
	*p, err = ParseCBDPath(string(text))
	return err
}

// checkVolumePath accepts the path of a volume for an endpoint that takes no
// snapshot: several of them act on the volume when they are given a snapshot,
// and delete destroys it.
func checkVolumePath(p CBDPath) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.IsSnapshot() {
		return pathError(p.String(), fmt.Errorf("names a snapshot where a volume is wanted, drop %q", "@"+p.Snapshot))
	}
	return nil
}

// checkSnapshotPath accepts the path of a snapshot. Given a volume's, agents
// act on a snapshot named "None", or answer success and do nothing.
func checkSnapshotPath(p CBDPath) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if !p.IsSnapshot() {
		return pathError(p.String(), errors.New("names a volume where a snapshot is wanted, add @SNAPSHOT"))
	}
	return nil
}
