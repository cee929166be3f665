// The source of the targets that hold the precompiled headers (QbenchTargets.cmake).
int main() { return 0; }
