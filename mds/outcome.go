package mds

// outcome is how an attempt ended, as far as it decides what comes next.
type outcome uint8

const (
	answered     outcome = iota
	unsent               // no connection: the agent provably has not got it
	faulted              // reset, EOF, broken or foreign answer, HTTP 5xx: it may have run
	timedOut             // no answer, or no callback, in time: it may have run
	rejected             // HTTP 4xx: the agent did not run it
	denied               // the agent answered success false
	cancelled            // the caller's context is done
	requeued             // no connection was free, and another MDS was better: nothing was sent
	slow                 // lost to an attempt that began later
	lost                 // lost to an attempt that began earlier, or to the end of the call
	withheld             // SendOnlyWhile said no: nothing more was sent
	unfit                // the agent is too old or cannot do it: nothing was sent
	unrecognised         // its agent was not recognised in time: asked again, behind the others

	lastOutcome = unrecognised
)
