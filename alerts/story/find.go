package story

// Find returns the story that a mention would be placed in now, and places it
// nowhere: what the index knows stays what it was.
func (x *Index) Find(p Post) Place {
	s := x.search(&p)
	if known := x.mine[s.name]; known != nil {
		s.add(known.story.root())
	}
	x.named(s)
	x.tied(s)
	x.alike(s)
	var oldest *story
	for _, in := range s.found {
		if oldest == nil || in.older(oldest) {
			oldest = in
		}
	}
	if oldest == nil {
		s.place.How, s.place.Story, s.place.Count = First, storyID(s.Brand, s.Key), 1
		return s.place
	}
	s.place.Story, s.place.Count = oldest.id, oldest.body.count()+1
	return s.place
}
