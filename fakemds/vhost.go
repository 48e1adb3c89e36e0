package fakemds

import (
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// A host's vhost target is the container there that makes block devices. Hosts
// have a running one unless SetVhostTarget or vhost/destroy says otherwise.

// SetVhostTarget says whether the vhost target of the host runs. It decides what
// vhost/check and vhost/target/health answer and whether vhost/bdev/create works.
// Block devices that are open stay open, see RestartVhost. The default is running.
func (c *Cluster) SetVhostTarget(host string, running bool) {
	c.storage.Do(func(s *storage.State) { s.SetTarget(host, running) })
}

// RestartVhost restarts the vhost container of the host, which has the volumes of its
// block devices open and forgets them. Their machines live and no list shows it:
// VolumeState.Clients keeps the host until vhost/bdev/delete. After the next
// vhost/bdev/create the volume is listed again. RestartVhost does nothing on a host
// without block devices.
func (c *Cluster) RestartVhost(host string) {
	c.storage.Do(func(s *storage.State) { s.RestartVhost(host, time.Now()) })
}
