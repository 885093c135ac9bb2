namespace DmIoUring.Services;

/// <summary>Whether what was read from a copy's source is right.</summary>
/// <param name="sector">Where from: a sector of the source's device.</param>
/// <param name="count">Sectors.</param>
/// <param name="buffer">What was read.</param>
/// <returns>Why it is as good as unreadable; none: it is right.</returns>
internal delegate IoFailure CopyCheck(long sector, long count, in IoBuffer buffer);
