package fakemds

import (
	"context"
	"sync"
	"time"
)

// process is one run of an agent's process. It ends when the node stops, and Start
// makes another one. Safe for concurrent use.
type process struct {
	life context.Context // ends when the process does
	die  context.CancelFunc

	mu    sync.Mutex      // guards the field below
	tasks map[string]bool // task ids in flight
}

func newProcess() *process {
	p := &process{tasks: map[string]bool{}}
	p.life, p.die = context.WithCancel(context.Background())
	return p
}

// begin takes the task id and reports whether it was free.
func (p *process) begin(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tasks[id] {
		return false
	}
	p.tasks[id] = true
	return true
}

// end frees the task id.
func (p *process) end(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tasks, id)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
