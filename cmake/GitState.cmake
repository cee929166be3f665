# Writes OUTPUT, a header that defines QBENCH_GIT_STATE: the commit of SOURCE_DIR, with "-dirty" where
# the tree was changed, or "" outside of a git repository. Touches the file only when that changes.
execute_process(
  COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE state
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define QBENCH_GIT_STATE \"${state}\"\n")
