// Folders that outlive a loss of power: an entry is on disk when the folder that holds it was synced.
#pragma once

#include <string>

namespace prelude {

// Makes `path` and the folders on the way that are missing, and syncs the parent of each that it made. One that is
// there already is no error. Throws UserError with the path and the system's reason.
void make_folders(const std::string& path);

// The entries of `folder` (empty: the current one) are on disk when it returns: files that were made, renamed or
// removed there. A folder that cannot be synced (some network file systems), or that its user may write but not read,
// is left to the system. Throws UserError with the path and the system's reason.
void sync_folder(const std::string& folder);

// The folder of `path`: "." where it names none.
std::string folder_of(const std::string& path);

}  // namespace prelude
