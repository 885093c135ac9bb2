using DmIoUring.Rings;

namespace DmIoUring.UnitTests.Rings;

public sealed class CompletionBatchSizeTests
{
    private const uint Most = 256;

    [Fact]
    public void BunchesOfOneSize_ComeByOneCallEach()
    {
        CompletionBatchSize bunch = default;
        int calls = 0;
        for (int i = 0; i < 17; i++)
            calls = Run(ref bunch, due: 128, bound: 20);
        Assert.Equal((1, 128u), (calls, bunch.Asked));
    }

    /// <summary>Devices that complete at once: what is handed over while a bunch is dealt with is due again.</summary>
    [Fact]
    public void BunchesThatNeverEnd_ComeByOneCallEach()
    {
        CompletionBatchSize bunch = default;
        for (int i = 0; i < 1000; i++)
        {
            uint given = Math.Min(128, Math.Max(bunch.Asked, 20));
            bunch.Note(given, hasMore: given < 128, Most);
        }

        Assert.Equal(128u, bunch.Asked);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    [InlineData(20)]
    public void WhereOneCallGivesAll_NoMoreIsAskedFor(uint due)
    {
        CompletionBatchSize bunch = default;
        for (int i = 0; i < 100; i++)
            Run(ref bunch, due, bound: 20);
        Assert.Equal(0u, bunch.Asked);
    }

    [Fact]
    public void AKernelWithoutTheBound_IsNotAskedForMore()
    {
        CompletionBatchSize bunch = default;
        for (int i = 0; i < 100; i++)
            Run(ref bunch, due: 128, bound: Most);
        Assert.Equal(0u, bunch.Asked);
    }

    [Fact]
    public void WhenThereAreFewer_TheNextWaitAsksForNoMoreThanThose()
    {
        CompletionBatchSize bunch = default;
        for (int i = 0; i < 16; i++)
            Run(ref bunch, due: 128, bound: 20);
        Run(ref bunch, due: 60, bound: 20);
        Assert.Equal(60u, bunch.Asked);
        Run(ref bunch, due: 1, bound: 20);
        Assert.Equal(0u, bunch.Asked);
    }

    [Fact]
    public void BunchesOfManySizes_AreSeldomAskedForMoreThanTheyHave()
    {
        CompletionBatchSize bunch = default;
        Random random = new(1);
        int tooMany = 0;
        for (int i = 0; i < 10_000; i++)
        {
            uint due = (uint)random.Next(30, 129);
            tooMany += bunch.Asked > due ? 1 : 0;
            Run(ref bunch, due, bound: 20);
        }

        Assert.InRange(tooMany, 1, 1000);
    }

    /// <summary>Takes a bunch as a kernel gives it.</summary>
    /// <returns>How many calls that took.</returns>
    private static int Run(ref CompletionBatchSize bunch, uint due, uint bound)
    {
        int calls = 0;
        for (; due > 0; calls++)
        {
            uint given = Math.Min(due, Math.Max(bunch.Asked, bound));
            due -= given;
            bunch.Note(given, hasMore: due > 0, Most);
        }

        return calls;
    }
}
