package main

// digits that begin every topic.
const topicDigits = 8

// topic is the ith of those that have so many lengths. Its number is followed
// by as many letters as its length wants.
func (j job) topic(i int) string {
	body := newBody(topicDigits + i%j.lengths)
	putTopic(body, i)
	return string(body)
}

// putTopic writes the number, in decimal, because a subject of nats is text.
func putTopic(body []byte, i int) {
	for at := topicDigits - 1; at >= 0; at-- {
		body[at] = byte('0' + i%10)
		i /= 10
	}
}

// announce sends messages of one topic after the other, for ever.
func announce(p part) (figures, error) {
	// A prime number of steps goes to all topics, and to none beside the last.
	const step = 7919
	body := newBody(p.size)
	for i := 0; ; i = (i + step) % p.n {
		putTopic(body, i)
		if err := p.Send(body); err != nil {
			return nil, err
		}
	}
}

// topics counts the messages of n topics.
func topics(p part) (figures, error) {
	recv := func() error {
		body, err := p.Recv()
		return checkSize(body, p.size, err)
	}
	stride := max(1, 16<<10/p.size)
	if _, _, err := repeat(recv, stride, p.warmup); err != nil {
		return nil, err
	}
	p.report.begin()
	n, elapsed, err := repeat(recv, stride, p.duration)
	p.report.over()
	return figures{"rate": float64(n) / elapsed.Seconds(), "messages": float64(n)}, err
}
