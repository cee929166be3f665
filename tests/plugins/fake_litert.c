/* A library that has the first of LiteRT's functions and no other: for litert_library_test.cc. */
__attribute__((visibility("default"))) int LiteRtCreateEnvironment(int count, const void *options,
                                                                   void **environment);
int LiteRtCreateEnvironment(int count, const void *options, void **environment) {
  (void)count;
  (void)options;
  (void)environment;
  return 1;
}
