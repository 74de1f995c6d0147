/* interval: what a few trials say of a rate.
 * Layer: base. */
#pragma once

/* The 95 % Wilson score interval (Wilson, JASA 1927) of hits in n trials. */
void wilson_interval(int hits, int n, double *low, double *high);
