namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>What a superblock says of a leg.</summary>
/// <param name="Id">The leg's own id: a device that takes its place has another.</param>
/// <param name="State">What it has.</param>
/// <param name="Last">The newest change that can be in its own superblock. What else is there was written without the leg that this superblock is on.</param>
/// <param name="Confirmed">The newest change that is known to have arrived there; a later one up to <paramref name="Last"/> may have, or not.</param>
internal readonly record struct SuperblockEntry(Guid Id, RecordedState State, ChangeStamp Last, ChangeStamp Confirmed)
{
    public bool IsInSync => State == RecordedState.InSync;
}
