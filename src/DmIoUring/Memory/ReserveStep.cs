namespace DmIoUring.Memory;

/// <summary>What growing and shrinking do in turn; for tests that fail each, and see that the last can't fail.</summary>
internal enum ReserveStep
{
    Requests,
    Promise,
    Available,
    Map,
    Extent,
    Reservation,

    /// <summary>The table that the rings see: the last thing that can fail, growing and shrinking.</summary>
    Table,

    /// <summary>From here on nothing is allocated until <see cref="Committed"/>.</summary>
    Commit,
    Committed,
}
