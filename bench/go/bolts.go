// What is measured with gostorm: the name of the bolt is the argument.
package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jsgilmore/gostorm"
	_ "github.com/jsgilmore/gostorm/encodings"
	"github.com/jsgilmore/gostorm/messages"
)

// A bolt's fields, and what it does with them: a tuple is acked behind it.
type bolt struct {
	gostorm.OutputCollector
	fields  int
	process func(emit func(values ...interface{}), fields []interface{})
}

func (b *bolt) Fields() []interface{} {
	fields := make([]interface{}, b.fields)
	for i := range fields {
		fields[i] = new(interface{})
	}
	return fields
}

func (b *bolt) Prepare(_ *messages.Context, collector gostorm.OutputCollector) {
	b.OutputCollector = collector
}

func (b *bolt) Execute(meta messages.BoltMsgMeta, fields ...interface{}) {
	anchors := []string{meta.Id}
	b.process(func(values ...interface{}) { b.Emit(anchors, "", values...) }, fields)
	b.SendAck(meta.Id)
}

func (b *bolt) Cleanup() {}

func text(field interface{}) string {
	return (*field.(*interface{})).(string)
}

func echo(emit func(values ...interface{}), fields []interface{}) {
	emit(fields...)
}

func ack(func(values ...interface{}), []interface{}) {}

func split(emit func(values ...interface{}), fields []interface{}) {
	for _, word := range strings.Fields(text(fields[0])) {
		emit(word)
	}
}

// The six parts of Python's urlparse.
func urlparse(emit func(values ...interface{}), fields []interface{}) {
	parsed, err := url.Parse(text(fields[0]))
	if err != nil {
		panic(err)
	}
	host := parsed.Host
	if parsed.User != nil {
		host = parsed.User.String() + "@" + host
	}
	path, params, _ := strings.Cut(parsed.EscapedPath(), ";")
	emit(parsed.Scheme, host, path, params, parsed.RawQuery, parsed.EscapedFragment())
}

func main() {
	bolts := map[string]*bolt{
		"echo":     {fields: 1, process: echo},
		"ack":      {fields: 1, process: ack},
		"split":    {fields: 1, process: split},
		"urlparse": {fields: 1, process: urlparse},
		"wide":     {fields: 6, process: echo},
	}
	if len(os.Args) != 2 || bolts[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bolts echo|ack|split|urlparse|wide")
		os.Exit(2)
	}
	gostorm.RunBolt(bolts[os.Args[1]], "jsonObject")
}
