package rules

// AttributeNames lists what conditions may name.
func AttributeNames() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].name
	}
	return names
}
