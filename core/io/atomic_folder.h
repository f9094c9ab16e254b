// Folders of files that are replaced as a whole: whoever opens the path at any moment finds the old ones or the new.
#pragma once

#include <string>

namespace prelude {

// Puts the folder `fresh`, which is complete and holds files alone, in place of `folder` (which need not be there), and
// removes the old one. The files are on disk before it is. One step where the file system can exchange two names
// (Linux: ext4, xfs, btrfs, tmpfs, ...); elsewhere `folder` is missing for a moment, and FOLDER.old is the old one.
// Throws UserError with the path and the system's reason.
void replace_folder(const std::string& fresh, const std::string& folder);

}  // namespace prelude
