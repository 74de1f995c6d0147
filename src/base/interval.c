#include "base/interval.h"

#include <math.h>

void wilson_interval(int hits, int n, double *low, double *high)
{
	const double z = 1.959964;
	double total = n ? n : 1, p = hits / total;
	double centre = (p + z * z / (2 * total)) / (1 + z * z / total);
	double half =
		z / (1 + z * z / total) * sqrt(p * (1 - p) / total + z * z / (4 * total * total));

	*low = centre - half < 0 ? 0 : centre - half;
	*high = centre + half > 1 ? 1 : centre + half;
}
