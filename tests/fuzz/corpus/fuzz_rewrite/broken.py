def f(a)
  if a = "x
	return (a
