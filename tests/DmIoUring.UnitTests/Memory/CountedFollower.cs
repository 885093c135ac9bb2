using DmIoUring.Memory;

namespace DmIoUring.UnitTests.Memory;

/// <summary>Requests for the pool that are only counted, and fail on command.</summary>
internal sealed class CountedFollower : IReserveParticipant
{
    public int Prepared { get; private set; }

    public int Reserved { get; private set; }

    /// <summary>How often memory went back to the system.</summary>
    public int Released { get; private set; }

    public bool Fails { get; set; }

    public int DefaultRequests(long pages) => (int)Math.Min(pages, 100);

    public void Prepare(int requests)
    {
        if (Fails)
            throw new InvalidOperationException("too many");
        Prepared += requests;
    }

    public void Commit(int requests)
    {
        Prepared -= requests;
        Reserved += requests;
    }

    public void RollBack(int requests) => Prepared -= requests;

    public void Unreserve(int requests) => Reserved -= requests;

    public void WakeRings() => Released++;
}
