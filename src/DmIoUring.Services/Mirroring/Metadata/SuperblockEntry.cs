namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>What a superblock says of a leg.</summary>
/// <param name="Id">The leg's own id: a device that takes its place has another.</param>
/// <param name="State">What it has.</param>
/// <param name="LastChange">
/// Of a leg that is not in sync: the highest number that its own superblock can have. A higher one there says that it was used without the leg that this superblock is on.
/// </param>
internal readonly record struct SuperblockEntry(Guid Id, RecordedState State, long LastChange)
{
    public bool IsInSync => State == RecordedState.InSync;
}
