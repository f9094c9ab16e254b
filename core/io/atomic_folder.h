// Folders of files that are replaced as a whole: whoever opens the path at any moment finds the old ones or the new.
#pragma once

#include <functional>
#include <string>

namespace prelude {

// Puts the folder `fresh`, which is complete and holds files alone, in place of `folder` (which need not be there), and
// removes the old one. The files are on disk before it is. One step where the file system can exchange two names
// (Linux: ext4, xfs, btrfs, tmpfs, ...); elsewhere `folder` is missing for a moment, and FOLDER.old is the old one.
// Throws UserError with the path and the system's reason.
void replace_folder(const std::string& fresh, const std::string& folder);

// Makes `folder` in one step out of the files that `fill` writes into a hidden folder beside it, whose path it is
// given; the one that was there goes. Where `fill` throws, `folder` stays as it was.
void write_folder_atomically(const std::string& folder, const std::function<void(const std::string& fresh)>& fill);

}  // namespace prelude
