package importfile

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// node is a place that a JSON row may have: a field, or an object or array
// that holds places.
type node struct {
	path     string // as the file names it, dotted
	field    int    // or ignored
	known    bool   // field says what to do with the value here
	children map[string]*node
	array    bool // the children are the elements of an array
}

func (n *node) child(name string) *node {
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	c := n.children[name]
	if c == nil {
		c = &node{path: strings.TrimPrefix(n.path+"."+name, "."), field: ignored}
		n.children[name] = c
	}
	return c
}

// at finds the place of a key, which may itself be dotted, or nil.
func (n *node) at(key []byte) *node {
	if c := n.children[string(key)]; c != nil {
		return c
	}
	before, after, dotted := bytes.Cut(key, []byte("."))
	if c := n.children[string(before)]; c != nil && dotted {
		return c.at(after)
	}
	return nil
}

// newTree lays out the API's own shape, and over it what columns maps. It
// returns in words what is wrong with columns.
func newTree(t *table, columns map[string]string) (tree *node, wrong []string) {
	tree = &node{field: ignored}
	place := func(path string, field int) {
		n := tree
		for _, part := range strings.Split(path, ".") {
			n = n.child(part)
		}
		n.field, n.known = field, true
	}
	for i, f := range t.fields {
		place(f.path, i)
	}
	for name, path := range sorted(columns) {
		field, problem := t.target(path)
		switch {
		case cardguard.IsCVVName(name):
			problem = cvvWords
		case name == "":
			problem = "is empty"
		}
		if problem != "" {
			wrong = append(wrong, "the key "+label(name)+" "+problem)
			continue
		}
		place(dotted(name), field)
	}
	tree.child(trustedName).array = true
	return tree, wrong
}

// names lists the keys that an object at this place may have.
func (n *node) names() string {
	return strings.Join(slices.Sorted(maps.Keys(n.children)), ", ")
}

// element finds the place of an array's element, or nil.
func (n *node) element(i int) *node { return n.children[strconv.Itoa(i)] }
