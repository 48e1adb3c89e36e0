package zbs

// CreateSnapshot makes a snapshot of a volume. With SkipOnExisting the agent answers
// success and creates nothing if a snapshot exists whose name is or contains the wanted
// one.
type CreateSnapshot struct {
	Path           CBDPath `json:"path"` // a volume
	Snapshot       string  `json:"snapshot"`
	SkipOnExisting bool    `json:"skipOnExisting"`
}

// Endpoint returns EndpointSnapshotCreate, Idempotent with SkipOnExisting.
func (c CreateSnapshot) Endpoint() Endpoint {
	return EndpointSnapshotCreate.repeatable(c.SkipOnExisting)
}

// Validate refuses everything but a volume and a snapshot's name.
func (c CreateSnapshot) Validate() error {
	if err := checkVolumePath(c.Path); err != nil {
		return err
	}
	return CheckName("snapshot", c.Snapshot)
}

func (CreateSnapshot) answer() (r Created) { return r }

// DeleteSnapshot deletes a snapshot. An agent also answers success when the storage
// refuses, for example because the snapshot has a clone.
type DeleteSnapshot struct {
	Path CBDPath `json:"path"` // a snapshot
}

// Endpoint returns EndpointSnapshotDelete.
func (DeleteSnapshot) Endpoint() Endpoint { return EndpointSnapshotDelete }

// Validate refuses everything but the path of a snapshot.
func (c DeleteSnapshot) Validate() error { return checkSnapshotPath(c.Path) }

func (DeleteSnapshot) answer() (r Done) { return r }

// RollbackSnapshot makes a volume what it was at the snapshot: everything
// written since is lost.
type RollbackSnapshot struct {
	Path CBDPath `json:"path"` // a snapshot
}

// Endpoint returns EndpointSnapshotRollback.
func (RollbackSnapshot) Endpoint() Endpoint { return EndpointSnapshotRollback }

// Validate refuses everything but the path of a snapshot.
func (c RollbackSnapshot) Validate() error { return checkSnapshotPath(c.Path) }

func (RollbackSnapshot) answer() (r Created) { return r }

// CopySnapshot copies a snapshot to a new volume, in DstPool when it is named
// and in the same pool otherwise. It takes as long as the data.
type CopySnapshot struct {
	Path      CBDPath `json:"path"`              // a snapshot
	DstVolume string  `json:"dstVolume"`         // must not exist
	DstPool   string  `json:"dstPool,omitempty"` // logical pool
}

// Endpoint returns EndpointCopy.
func (CopySnapshot) Endpoint() Endpoint { return EndpointCopy }

// Validate refuses everything but a snapshot and the destination's names.
func (c CopySnapshot) Validate() error {
	if err := checkSnapshotPath(c.Path); err != nil {
		return err
	}
	if c.DstPool != "" {
		if err := CheckName("logical pool", c.DstPool); err != nil {
			return err
		}
	}
	return CheckName("volume", c.DstVolume)
}

func (CopySnapshot) answer() (r Created) { return r }

// QuerySnapshot asks whether a snapshot exists or, given a volume, whether the
// volume has any. It fails with an AgentError when there is no such snapshot
// (AgentError.SnapshotMissing) or volume. Only some agents have it: G7e does.
//
// Agents also find a snapshot by its number. So a name of only digits is found if
// another snapshot has that number.
type QuerySnapshot struct {
	Path CBDPath `json:"path"` // a snapshot or a volume
}

// Endpoint returns EndpointSnapshotQuery.
func (QuerySnapshot) Endpoint() Endpoint { return EndpointSnapshotQuery }

// Validate checks the path.
func (c QuerySnapshot) Validate() error { return c.Path.Validate() }

func (QuerySnapshot) answer() (r SnapshotInfo) { return r }
