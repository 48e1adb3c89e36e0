package zbs

import (
	"encoding/json"
	"fmt"
)

// CreateVolume makes a volume. If the name exists, the agent answers the old size with
// SkipIfExisting, and an AgentError without it.
type CreateVolume struct {
	LogicalPool    string `json:"logicalPool"`
	Volume         string `json:"volume"`
	Size                  // SizeFor the cluster's version
	SkipIfExisting bool   `json:"skipIfExisting"`
}

// Endpoint returns EndpointVolumeCreate, Idempotent with SkipIfExisting.
func (c CreateVolume) Endpoint() Endpoint { return EndpointVolumeCreate.repeatable(c.SkipIfExisting) }

// Validate checks names and size.
func (c CreateVolume) Validate() error {
	if err := (Path{Pool: c.LogicalPool, Volume: c.Volume}).Validate(); err != nil {
		return err
	}
	return c.Size.check()
}

func (CreateVolume) answer() (r Created) { return r }

// DeleteVolume deletes a volume and all its snapshots. An agent also answers success
// when it could not find out whether the volume exists. It answers after about 153 s
// when the volume is in use.
type DeleteVolume struct {
	Path CBDPath `json:"path"` // a volume: given a snapshot, agents delete the volume
}

// Endpoint returns EndpointVolumeDelete.
func (DeleteVolume) Endpoint() Endpoint { return EndpointVolumeDelete }

// Validate refuses everything but the path of a volume.
func (c DeleteVolume) Validate() error { return checkVolumePath(c.Path) }

func (DeleteVolume) answer() (r Done) { return r }

// QueryVolumes asks for the sizes of many volumes. A volume that does not exist is
// missing from the answer. An unknown pool fails the whole command.
type QueryVolumes struct {
	Paths []CBDPath `json:"installPaths"` // volumes
}

// Endpoint returns EndpointVolumeQueryBatch.
func (QueryVolumes) Endpoint() Endpoint { return EndpointVolumeQueryBatch }

// Validate refuses everything but paths of volumes.
func (c QueryVolumes) Validate() error {
	for _, path := range c.Paths {
		if err := checkVolumePath(path); err != nil {
			return err
		}
	}
	return nil
}

// wire sends an empty list for none: agents fail on null.
func (c QueryVolumes) wire() any {
	c.Paths = append([]CBDPath{}, c.Paths...)
	type fields QueryVolumes
	return fields(c)
}

func (QueryVolumes) answer() (r VolumeSizes) { return r }

// CloneVolume makes a volume of a snapshot in the same pool.
type CloneVolume struct {
	Path      CBDPath `json:"path"`      // a snapshot
	DstVolume string  `json:"dstVolume"` // must not exist
}

// Endpoint returns EndpointVolumeClone.
func (CloneVolume) Endpoint() Endpoint { return EndpointVolumeClone }

// Validate refuses everything but a snapshot and a volume's name.
func (c CloneVolume) Validate() error {
	if err := checkSnapshotPath(c.Path); err != nil {
		return err
	}
	return CheckName("volume", c.DstVolume)
}

func (CloneVolume) answer() (r Created) { return r }

// ExpandVolume makes a volume larger. The volume may be larger although the agent
// answers an error.
type ExpandVolume struct {
	Path CBDPath `json:"path"` // a volume
	Size         // SizeFor the cluster's version
}

// Endpoint returns EndpointVolumeExpand.
func (ExpandVolume) Endpoint() Endpoint { return EndpointVolumeExpand }

// Validate checks path and size.
func (c ExpandVolume) Validate() error {
	if err := checkVolumePath(c.Path); err != nil {
		return err
	}
	return c.Size.check()
}

func (ExpandVolume) answer() (r Expanded) { return r }

// FlattenVolume makes a clone independent of its snapshot; it does nothing to a
// volume that is no clone.
type FlattenVolume struct {
	Path CBDPath `json:"path"` // a volume
}

// Endpoint returns EndpointVolumeFlatten.
func (FlattenVolume) Endpoint() Endpoint { return EndpointVolumeFlatten }

// Validate refuses everything but the path of a volume.
func (c FlattenVolume) Validate() error { return checkVolumePath(c.Path) }

func (FlattenVolume) answer() (r VolumeInfo) { return r }

// PortRange is a range of TCP ports, both ends included.
type PortRange struct {
	First, Last int
	// Dash spells the range 10600-10800 for agents that want it so; newer
	// ones take 10600:10800 and fail on a dash.
	Dash bool
}

// String returns the range as the agent takes it.
func (r PortRange) String() string {
	if r.Dash {
		return fmt.Sprintf("%d-%d", r.First, r.Last)
	}
	return fmt.Sprintf("%d:%d", r.First, r.Last)
}

// MarshalJSON returns String in quotes.
func (r PortRange) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

// ExportNBD starts an NBD export of a volume or snapshot on the node of the MDS. If
// the name of one snapshot is a part of another's, agents may export the wrong one.
type ExportNBD struct {
	Path  CBDPath   `json:"path"`
	Ports PortRange `json:"portRange"` // one of them is taken
}

// Endpoint returns EndpointVolumeToNBD.
func (ExportNBD) Endpoint() Endpoint { return EndpointVolumeToNBD }

// Validate checks path and ports.
func (c ExportNBD) Validate() error {
	if err := c.Path.Validate(); err != nil {
		return err
	}
	if checkPort(c.Ports.First) != nil || checkPort(c.Ports.Last) != nil || c.Ports.First > c.Ports.Last {
		return invalid("port range %s, want two ports in 1..65535, the smaller one first", c.Ports)
	}
	return nil
}

func (ExportNBD) answer() (r NBDExport) { return r }

// UnexportNBD ends an NBD export. It must go to the node that exports.
type UnexportNBD struct {
	Port int `json:"port"`
}

// Endpoint returns EndpointVolumeCleanNBD.
func (UnexportNBD) Endpoint() Endpoint { return EndpointVolumeCleanNBD }

// Validate checks the port.
func (c UnexportNBD) Validate() error { return checkPort(c.Port) }

func (UnexportNBD) answer() (r Done) { return r }

func checkPort(port int) error {
	if port < 1 || port > 65535 {
		return invalid("port %d, want 1..65535", port)
	}
	return nil
}
