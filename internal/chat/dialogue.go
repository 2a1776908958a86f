package chat

import "strings"

// maxTries is how many times one password dialogue asks.
const maxTries = 3

// cancelWord ends a dialogue, as an empty line does.
const cancelWord = "/cancel"

// A dialogue asks a member for passwords. Until it has ended none of their lines is
// chat, a name or a command: the outlet gives each to the dialogue. A wrong answer
// is asked for again. If the dialogue fails, input typed ahead may be more answers,
// and is discarded.
type dialogue struct {
	m       *Member
	left    int
	why     *Note // what is wrong with the last answer
	outcome *Note // shown when it ends without success
}

func newDialogue(m *Member, outcome *Note) *dialogue {
	return &dialogue{m: m, left: maxTries, outcome: outcome}
}

// ask asks a question, and calls then with the answer unless that cancels the dialogue.
func (d *dialogue) ask(question *Note, then func(answer string)) {
	if d.m.out.Exposed() {
		d.fail(note("needs-tls"))
		return
	}
	why := d.why
	d.why = nil
	d.m.out.Ask(why, question, true, func(answer string) {
		if answer == "" || strings.EqualFold(strings.TrimSpace(answer), cancelWord) {
			d.m.tell(note("cancelled", "outcome", d.outcome))
			return
		}
		then(answer)
	})
}

// again says why an answer was rejected and asks again, up to maxTries times in all.
func (d *dialogue) again(why *Note, ask func()) {
	if d.left--; d.left == 0 {
		d.fail(note("gave-up", "why", why, "outcome", d.outcome))
		return
	}
	d.why = note("try-again", "why", why)
	ask()
}

// fail ends the dialogue without success.
func (d *dialogue) fail(why *Note) {
	d.m.refuse(why)
	d.m.out.Discard()
}
