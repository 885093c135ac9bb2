using DmIoUring.Drivers;

namespace DmIoUring.UnitTests.Drivers;

public sealed class BatchWaitTests
{
    private const long Patience = 20_000;

    [Fact]
    public void OneByOne_ABatchIsWaitedFor()
    {
        BatchWait wait = Looked(new BatchWait(Patience), perTurn: 2, inFlight: 128);
        Assert.Equal(32u, wait.Completions(128));
        Assert.Equal(32u, wait.Completions(4096));
        Assert.Equal(2u, wait.Completions(8));
        Assert.Equal(1u, wait.Completions(0));
    }

    [Theory]
    [InlineData(8, 128)]
    [InlineData(2, 32)]
    [InlineData(1, 16)]
    [InlineData(1, 1)]
    public void InBunches_OrWithFewUnderWay_OneIsEnough(int perTurn, int inFlight) =>
        Assert.Equal(1u, Looked(new BatchWait(Patience), perTurn, inFlight).Completions(inFlight));

    [Fact]
    public void WithoutPatience_OneIsAlwaysEnough() =>
        Assert.Equal(1u, Looked(new BatchWait(0), perTurn: 1, inFlight: 128).Completions(128));

    [Fact]
    public void AfterAWhile_ItLooksAgain()
    {
        BatchWait wait = Looked(new BatchWait(Patience), perTurn: 1, inFlight: 128);
        for (int turn = 0; turn < 8191; turn++)
            wait.Note(32, 128);
        Assert.Equal(32u, wait.Completions(128));
        wait.Note(32, 128);
        Assert.Equal(1u, wait.Completions(128));
        Assert.Equal(1u, Looked(wait, perTurn: 20, inFlight: 128).Completions(128));
        Assert.Equal(32u, Looked(wait, perTurn: 3, inFlight: 128).Completions(128));
    }

    private static BatchWait Looked(BatchWait wait, int perTurn, int inFlight)
    {
        for (int turn = 0; turn < 256; turn++)
            wait.Note(perTurn, inFlight);
        return wait;
    }
}
