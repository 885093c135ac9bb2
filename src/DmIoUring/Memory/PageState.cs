namespace DmIoUring.Memory;

/// <summary>
/// What the pool knows of a page while it is rented: the links of its list, and on the list's first page who has it.
/// Kept apart from the page, which belongs to the renter.
/// </summary>
internal struct PageState
{
    /// <summary>
    /// On the first page of a list: the rental's number and below it how many uses are under way, in one word, so that
    /// returning and beginning a use exclude each other without a lock. 0 where no list begins.
    /// </summary>
    public long Rental;

    /// <summary>On the first page of a run: the page where the list's next run begins, or <see cref="PagePool.NoPage"/>.</summary>
    public int NextRun;

    /// <summary>On the first page of a run: how many adjacent pages of the list start here.</summary>
    public int RunLength;
}
