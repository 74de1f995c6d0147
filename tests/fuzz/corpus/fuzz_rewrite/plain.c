int f(int *a, int n)
{
	for (int i = 0; i <= n; i++)
		if (a[i] > 3) return i;
	return -1;
}
