using DmIoUring.Memory;

namespace DmIoUring.TestSupport;

/// <summary>One who waits for pages, looked at from outside: no continuation, so that what the pool did is seen at once.</summary>
#pragma warning disable CA2012 // The test looks at the task before it takes the result, once.
internal readonly struct Renter(ValueTask<PageList> task)
{
    private readonly ValueTask<PageList> _task = task;

    public bool Waits => !_task.IsCompleted;

    public bool IsServed => _task.IsCompletedSuccessfully;

    public static Renter Cancellable(PagePool pool, int pages, CancellationToken token) => new(pool.RentAsync(pages, token));

    public static Renter Of(PagePool pool, int pages) => new(pool.RentAsync(pages, CancellationToken.None));

    /// <summary>The pages, or the exception that ended the wait.</summary>
    public PageList Take()
    {
        Assert.True(_task.IsCompleted, "The renter still waits.");
        return _task.GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="Take"/>, where another thread may be about to end the wait.</summary>
    public PageList WaitAndTake() => _task.AsTask().GetAwaiter().GetResult();
}
#pragma warning restore CA2012
