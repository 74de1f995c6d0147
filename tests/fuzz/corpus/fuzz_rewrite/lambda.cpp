#include <vector>
int f(const std::vector<int> &v) { auto g = [&](int x) { return x + v[0]; }; return g(1) > 2 ? 1 : 0; }
